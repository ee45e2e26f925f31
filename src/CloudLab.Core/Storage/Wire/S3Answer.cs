using System.Globalization;
using System.Net.Http.Headers;
using System.Xml.Linq;

namespace CloudLab.Core.Storage.Wire;

/// <summary>The answer to a request that succeeded.</summary>
/// <param name="message">What HttpClient got.</param>
internal sealed class S3Answer(HttpResponseMessage message) : IDisposable
{
    /// <summary>HTTP status.</summary>
    public int Status => (int)message.StatusCode;

    /// <summary>Length of the body.</summary>
    public long Length => message.Content.Headers.ContentLength ?? 0;

    /// <summary>Entity tag without quotes, or null.</summary>
    public string? ETag => this["ETag"]?.Trim('"');

    /// <summary>Version, or null.</summary>
    public string? VersionId => this["x-amz-version-id"];

    /// <summary>Encryption at rest: <c>AES256</c>, <c>aws:kms</c>, <c>SSE-C</c>; null where none is told.</summary>
    public string? Encryption => this["x-amz-server-side-encryption"]
        ?? (this["x-amz-server-side-encryption-customer-algorithm"] is null ? null : "SSE-C");

    /// <summary>When the object was written.</summary>
    public DateTimeOffset LastModified =>
        DateTimeOffset.TryParse(this["Last-Modified"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date : default;

    /// <summary>A header.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value, or null where it is missing or empty.</returns>
    public string? this[string name] =>
        message.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values)
            || message.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString() is { Length: > 0 } value ? value : null
            : null;

    /// <summary>Headers whose name begins so, without that beginning, in lower case.</summary>
    /// <param name="prefix">Beginning of the names: <c>x-amz-meta-</c>.</param>
    /// <returns>Names and values.</returns>
    public IEnumerable<(string Name, string Value)> WithPrefix(string prefix)
    {
        foreach ((string name, HeaderStringValues values) in message.Headers.NonValidated)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                yield return (name[prefix.Length..].ToLowerInvariant(), values.ToString());
            }
        }
    }

    /// <summary>The body, to be read once.</summary>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>A stream that ends with this answer.</returns>
    public Task<Stream> OpenAsync(CancellationToken cancellation) => message.Content.ReadAsStreamAsync(cancellation);

    /// <summary>The body as a document.</summary>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Its root element. Throws <see cref="System.Xml.XmlException"/> for what is none.</returns>
    public async Task<XElement> ReadXmlAsync(CancellationToken cancellation)
    {
        using Stream body = await OpenAsync(cancellation);
        return (await XDocument.LoadAsync(body, LoadOptions.PreserveWhitespace, cancellation)).Root!;
    }

    /// <inheritdoc/>
    public void Dispose() => message.Dispose();
}

/// <summary>Reading S3's documents, whatever their namespace.</summary>
internal static class S3Document
{
    /// <summary>The text of a child element.</summary>
    /// <param name="element">The parent.</param>
    /// <param name="name">The child's local name.</param>
    /// <returns>Its text, or null where it is missing or empty.</returns>
    public static string? Text(this XElement element, string name) =>
        element.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value is { Length: > 0 } text ? text : null;

    /// <summary>Child elements of a name.</summary>
    /// <param name="element">The parent.</param>
    /// <param name="name">Local name.</param>
    /// <returns>The children.</returns>
    public static IEnumerable<XElement> All(this XElement element, string name) => element.Elements().Where(e => e.Name.LocalName == name);
}
