using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Sends answers.</summary>
internal static class Answer
{
    public static Task JsonAsync(ApiRequest request, int status, JsonNode node, string contentType = "application/json")
    {
        HttpHeaderList headers = Headers(request, contentType);
        if (status == 429)
        {
            headers.Add("Retry-After", "1");
        }

        return request.Exchange.RespondAsync(status, headers, Json.Bytes(node));
    }

    public static Task TextAsync(ApiRequest request, int status, string text) =>
        request.Exchange.RespondAsync(status, Headers(request, "text/plain; charset=utf-8"), Encoding.UTF8.GetBytes(text));

    public static HttpHeaderList Headers(ApiRequest request, string contentType)
    {
        HttpHeaderList headers = [];
        headers.Add("Content-Type", contentType);
        headers.Add("Cache-Control", "no-cache, private");
        headers.Add("Audit-Id", Guid.NewGuid().ToString());
        foreach (string warning in request.Warnings)
        {
            string text = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace('\r', ' ').Replace('\n', ' ');
            headers.Add("Warning", $"299 - \"{text}\"");
        }

        return headers;
    }
}
