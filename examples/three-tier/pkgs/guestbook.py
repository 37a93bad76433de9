"""What the three services share: configuration, life as a daemon, and the client of the data service."""

import http.server
import json
import os
import signal
import socket
import socketserver
import sys

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

with open(os.path.join(PACKAGE, "etc", "configuration.json")) as file:
    configuration = json.load(file)


def listen_address():
    """Where to listen: the address from the container's properties, the port from the services model."""
    return os.environ.get("listenAddress", "127.0.0.1"), configuration["port"]


class HttpServer(http.server.ThreadingHTTPServer):
    def server_bind(self):
        # Not HTTPServer's own, which asks the DNS for the name of the address.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def fail(message):
    """Refuses to start: the activation fails with this as the last line of its log."""
    print("%s %s: %s" % (configuration["name"], configuration["version"], message), file=sys.stderr)
    sys.exit(1)


def run_as_daemon(make_server):
    """Serves in the background. Returns (to the module that activates the service) once the server listens and the
    PID file is written; a server that cannot start ends this process with an error instead."""
    runtime = os.environ.get("runtimeDir", "/var/run")
    os.makedirs(runtime, exist_ok=True)
    try:
        server = make_server()
    except OSError as error:
        fail("cannot listen on %s:%d: %s" % (listen_address() + (error,)))
    pid = os.fork()
    if pid:
        write_pid_file(runtime, pid)
        os._exit(0)
    os.setsid()
    log = os.open(os.path.join(runtime, configuration["name"] + ".log"),
                  os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever()


def write_pid_file(runtime, pid):
    path = os.path.join(runtime, configuration["name"] + ".pid")
    with open(path + ".new", "w") as file:
        file.write("%d\n" % pid)
    os.rename(path + ".new", path)


def ask_data(request):
    """One request to the data service: a JSON value a line, both ways."""
    data = configuration["data"]
    with socket.create_connection((data["host"], data["port"]), timeout=5) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile() as answers:
            line = answers.readline()
    if not line:
        raise OSError("the data service hung up")
    return json.loads(line)
