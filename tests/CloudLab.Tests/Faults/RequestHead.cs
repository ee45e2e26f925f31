using System.Text;

namespace CloudLab.Tests.Faults;

/// <summary>The first part of an HTTP request, as the servers of the tests read it.</summary>
internal static class RequestHead
{
    /// <summary>Reads it byte by byte, so that nothing of the body is taken.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The head with the empty line at its end; null where the client has nothing more to ask.</returns>
    public static async Task<string?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        List<byte> head = new(1024);
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, cancellation) == 1)
        {
            head.Add(one[0]);
            if (one[0] == '\n' && head.Count >= 4 && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
            {
                return Encoding.Latin1.GetString([.. head]);
            }
        }

        return null;
    }
}
