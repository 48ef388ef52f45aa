"""Other engines than eSpeak, behind one way to speak (``speaking``)."""
