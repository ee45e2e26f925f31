using System.Net;
using System.Text;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>What every request to a cluster carries: the types that are understood, whom to act as, the server's name.</summary>
internal sealed class KubeHeadersHandler : DelegatingHandler
{
    private const char Next = '\uE000';

    private readonly string? serverName;
    private readonly Dictionary<string, string> impersonation;

    /// <summary>Creates a handler.</summary>
    /// <param name="endpoint">The cluster and who the caller is.</param>
    public KubeHeadersHandler(KubeEndpoint endpoint)
    {
        serverName = endpoint.ServerName;
        impersonation = endpoint.Credentials.Impersonation
            .GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(header => header.Key, header => string.Join(Next, header), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// How the connections underneath have to write a header. .NET joins the values of one with commas, which an API server takes
    /// as part of a group's name: two groups would be one that nobody is in. So each value gets a line of its own here.
    /// </summary>
    /// <param name="name">The header.</param>
    /// <returns>An encoding that breaks the lines; null for the usual one.</returns>
    public Encoding? EncodingOf(string name) =>
        impersonation.TryGetValue(name, out string? values) && values.Contains(Next, StringComparison.Ordinal) ? new Lines(name) : null;

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.Contains("Accept"))
        {
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
        }

        foreach ((string name, string values) in impersonation)
        {
            // A second attempt comes with it already.
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, values);
            if (values.Contains(Next, StringComparison.Ordinal))
            {
                // HTTP/2 has no lines to break.
                request.Version = HttpVersion.Version11;
            }
        }

        if (serverName is not null)
        {
            // .NET takes the name for the TLS handshake and for the certificate from here.
            request.Headers.Host = serverName;
        }

        return base.SendAsync(request, cancellationToken);
    }

    private sealed class Lines(string name) : Encoding
    {
        private readonly string line = $"\r\n{name}: ";

        public override int GetByteCount(char[] chars, int index, int count) => UTF8.GetByteCount(Broken(chars, index, count));

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)
        {
            string broken = Broken(chars, charIndex, charCount);
            return UTF8.GetBytes(broken, 0, broken.Length, bytes, byteIndex);
        }

        public override int GetMaxByteCount(int charCount) => UTF8.GetMaxByteCount(charCount * line.Length);

        public override int GetCharCount(byte[] bytes, int index, int count) => UTF8.GetCharCount(bytes, index, count);

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            UTF8.GetChars(bytes, byteIndex, byteCount, chars, charIndex);

        public override int GetMaxCharCount(int byteCount) => UTF8.GetMaxCharCount(byteCount);

        private string Broken(char[] chars, int index, int count) =>
            new string(chars, index, count).Replace($"{Next}", line, StringComparison.Ordinal);
    }
}
