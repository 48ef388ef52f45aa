"""Several server processes behind one gRPC port and one page.

Each worker is a whole server with models of its own. gRPC connections are spread by the system
(``SO_REUSEPORT``); a small front passes HTTP on, and remembers by the address it gave which worker
has a call. One counter, shared through a file, says whether there is room.
"""
