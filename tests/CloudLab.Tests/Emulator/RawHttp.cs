using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace CloudLab.Tests.Emulator;

/// <summary>One connection on which requests are written byte by byte, so that a test can send what no client library would.</summary>
internal sealed class RawHttp : IAsyncDisposable
{
    private readonly TcpClient client = new();
    private NetworkStream stream = null!;
    private readonly MemoryStream pending = new();

    public static async Task<RawHttp> ConnectAsync(Uri url)
    {
        RawHttp raw = new();
        await raw.client.ConnectAsync(url.Host, url.Port);
        raw.stream = raw.client.GetStream();
        return raw;
    }

    public static async Task<RawAnswer> SendAsync(Uri url, string head, byte[]? body = null)
    {
        await using RawHttp raw = await ConnectAsync(url);
        await raw.WriteAsync(head);
        if (body is not null)
        {
            await raw.WriteAsync(body);
        }

        return await raw.ReadAsync(head.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(byte[] data) => await stream.WriteAsync(data);

    /// <summary>Says that nothing more is sent, but goes on listening.</summary>
    public void HalfClose() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection.</summary>
    public void Reset()
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    /// <summary>Reads one answer.</summary>
    public async Task<RawAnswer> ReadAsync(bool head = false)
    {
        string status = await ReadLineAsync() ?? throw new EndOfStreamException("no answer");
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        int code = int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture);
        MemoryStream body = new();
        if (!head && code is not (100 or 204 or 304))
        {
            if (headers.TryGetValue("Content-Length", out string? length))
            {
                await CopyAsync(body, long.Parse(length, CultureInfo.InvariantCulture));
            }
            else if (headers.ContainsKey("Transfer-Encoding"))
            {
                while (long.Parse(await ReadLineAsync() ?? "0", NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
                {
                    await CopyAsync(body, size);
                    await ReadLineAsync();
                }

                await ReadLineAsync();
            }
        }

        return new RawAnswer(code, headers, body.ToArray());
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        pending.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task CopyAsync(MemoryStream target, long count)
    {
        byte[] data = new byte[count];
        await stream.ReadExactlyAsync(data);
        target.Write(data);
    }

    private async Task<string?> ReadLineAsync()
    {
        StringBuilder line = new();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        return line.Length == 0 ? null : line.ToString();
    }
}

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Text of an element of an XML body; empty where there is none.</summary>
    public string Element(string name)
    {
        int start = Text.IndexOf("<" + name + ">", StringComparison.Ordinal);
        return start < 0 ? "" : Text[(start + name.Length + 2)..Text.IndexOf("</" + name + ">", StringComparison.Ordinal)];
    }

    public string Code => Element("Code");
}
