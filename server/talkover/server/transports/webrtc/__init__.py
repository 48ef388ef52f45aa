"""WebRTC: the way in for browsers, and the page that takes it."""
