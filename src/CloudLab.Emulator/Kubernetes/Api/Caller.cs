using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Who sends a request: whom it acts as, the service account whose token it has, else the emulator's administrator.</summary>
internal static class Caller
{
    private const string Signature = "emulated";
    private static readonly AccessSubject Administrator = new("lab-admin", [AccessSubject.Masters, "system:authenticated"]);

    /// <summary>Who sends a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The caller. Throws <see cref="ApiError"/> for a token that is over.</returns>
    public static AccessSubject Of(ApiRequest request)
    {
        if (request.Exchange.Headers.Get("Impersonate-User") is { Length: > 0 } user)
        {
            return AccessSubject.Of(user, [.. request.Exchange.Headers.All("Impersonate-Group")]);
        }

        return request.Exchange.Headers.Get("Authorization") is { } header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? OfToken(header["Bearer ".Length..].Trim()) ?? Administrator
            : Administrator;
    }

    /// <summary>The service account that a token is of.</summary>
    /// <param name="token">The token.</param>
    /// <returns>The account; null for a token that is not the emulator's. Throws <see cref="ApiError"/> for one that is over.</returns>
    public static AccessSubject? OfToken(string token)
    {
        if (token.Split('.') is not [_, var claims, Signature])
        {
            return null;
        }

        try
        {
            JsonNode? body = JsonNode.Parse(Base64Url.DecodeFromChars(claims));
            return body.Number("exp") > DateTimeOffset.UtcNow.ToUnixTimeSeconds()
                ? AccessSubject.Of(body.Text("sub") ?? "", [])
                : throw new ApiError(401, "Unauthorized", "Unauthorized");
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new ApiError(401, "Unauthorized", "Unauthorized");
        }
    }

    /// <summary>A token of a service account.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="end">Until when it is good.</param>
    /// <returns>A token in the form of a JWT; nobody else would take its signature.</returns>
    public static string Token(string ns, string name, DateTimeOffset end)
    {
        JsonObject claims = new()
        {
            ["sub"] = $"system:serviceaccount:{ns}:{name}", ["exp"] = end.ToUnixTimeSeconds(), ["jti"] = Guid.NewGuid().ToString(),
        };
        return $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{Base64Url.EncodeToString(Json.Bytes(claims))}.{Signature}";
    }
}
