using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Tells browsers what pages of other origins may do with a bucket.</summary>
internal static class CorsOperations
{
    /// <summary>OPTIONS: a browser asks before it sends the request itself. Nobody signs that.</summary>
    public static Task PreflightAsync(S3Request request, S3Bucket bucket)
    {
        string origin = request.Headers.Get("Origin") ?? throw BadRequest("Insufficient information. Origin request header needed.");
        string method = request.Headers.Get("Access-Control-Request-Method") ?? throw BadRequest("Invalid Access-Control-Request-Method: null");
        string[] headers = [.. request.Headers.All("Access-Control-Request-Headers")
            .SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (bucket.Settings.Cors.Count == 0)
        {
            throw Forbidden(request, "CORSResponse: CORS is not enabled for this bucket.", method);
        }

        CorsRule rule = CorsRule.Find(bucket.Settings.Cors, origin, method, headers) ?? throw Forbidden(
            request,
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
            method);
        rule.Write(request.CorsHeaders, origin, headers);
        return request.RespondAsync(200);
    }

    /// <summary>Says with the answer to a page's own request that the page may read it.</summary>
    public static void Prepare(S3Request request, S3Bucket bucket)
    {
        if (bucket.Settings.Cors.Count > 0 && request.Headers.Get("Origin") is { } origin)
        {
            CorsRule.Find(bucket.Settings.Cors, origin, request.Method, [])?.Write(request.CorsHeaders, origin, []);
        }
    }

    private static S3Exception BadRequest(string message) => new(400, "BadRequest", message);

    private static S3Exception Forbidden(S3Request request, string message, string method) => new(
        403, "AccessForbidden", message, ("Method", method), ("ResourceType", request.Key.Length == 0 ? "BUCKET" : "OBJECT"));
}
