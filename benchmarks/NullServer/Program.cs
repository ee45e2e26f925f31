using System.Net;
using System.Net.Sockets;
using CloudLab.NullServer;

// NullServer [port]: writes its address, serves until its input ends.
using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, args.Length > 0 ? int.Parse(args[0]) : 0));
listener.Listen(1024);
Console.WriteLine($"http://{listener.LocalEndPoint}");

Service service = new();
Thread accepting = new(() =>
{
    while (true)
    {
        Socket client = listener.Accept();
        new Thread(() => Connection.Serve(client, service), 256 * 1024) { IsBackground = true }.Start();
    }
})
{ IsBackground = true };
accepting.Start();

using Stream input = Console.OpenStandardInput();
Span<byte> ignored = stackalloc byte[256];
while (input.Read(ignored) > 0)
{
}
