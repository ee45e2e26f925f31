using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Turns the Status object that an API server answers a failure with, and a server that does not answer, into the one exception.</summary>
internal static partial class KubeStatus
{
    /// <summary>Reads a failed answer.</summary>
    /// <param name="code">HTTP status.</param>
    /// <param name="body">The body: a Status object, or whatever a proxy wrote.</param>
    /// <param name="server">The API server, for the message.</param>
    /// <returns>The exception; its code is the Status's reason.</returns>
    public static LabException ToException(int code, string body, Uri server) =>
        ToException(code, Parse(body) ?? new JsonObject { ["message"] = Words(body) }, server);

    /// <summary>Reads a Status object, as an answer or as an event in a watch.</summary>
    /// <param name="code">HTTP status.</param>
    /// <param name="status">The Status object.</param>
    /// <param name="server">The API server, for the message.</param>
    /// <returns>The exception; its code is the Status's reason.</returns>
    public static LabException ToException(int code, JsonObject status, Uri server)
    {
        string reason = status.Text("reason") ?? ReasonOf(code);
        string message = OneLine.Of(status.Text("message") ?? $"the API server answered {code}");
        JsonObject[] causes = [.. status.Object("details")?.Objects("causes") ?? []];
        if (WholePatch().Match(message) is { Length: > 0 } whole)
        {
            // The server repeats the patch before it says what is wrong with it: pages, and with a Secret its values.
            message = message[whole.Length..];
            causes = [.. causes.Where(cause => cause.Text("field") != "patch")];
        }

        JsonObject[] conflicts = [.. causes.Where(cause => cause.Text("reason") == "FieldManagerConflict")];
        if (conflicts.Length > 0)
        {
            message = Conflicts(conflicts);
        }

        foreach (JsonObject cause in causes.Except(conflicts))
        {
            string text = OneLine.Of(cause.Text("message") ?? "");
            if (text.Length > 0 && !message.Contains(text, StringComparison.Ordinal))
            {
                message += $"; {cause.Text("field")}: {text}";
            }
        }

        if (code == 500 && IsAboutContent(message))
        {
            // Server-side apply says so of what is wrong with the object itself.
            (code, reason) = (422, "Invalid");
        }

        string? advice = null;
        switch (code)
        {
            case 401:
                message = $"The API server {server.AbsoluteUri.TrimEnd('/')} rejected the credentials ({message}): sign in again, or check the user of the context.";
                break;
            case 404 when status.Object("details") is { } details && details.Text("kind") == "namespaces" && details.Text("name") is { } name:
                message = NoNamespace(name);
                break;
            case 409 when conflicts.Length > 0:
                message += " Use -Force to take over these fields.";
                advice = "Leave the fields out of the manifest, or take them over with -Force.";
                break;
            case 403 when message.Contains("exceeded quota", StringComparison.Ordinal) || message.Contains("failed quota", StringComparison.Ordinal):
                advice = "Remove what is not needed, ask for less, or raise the quota: Get-LabResource resourcequotas shows it.";
                break;
            case 403 when message.Contains("being terminated", StringComparison.Ordinal):
                advice = "Wait until the namespace is gone (Wait-LabResource namespaces NAME -For Deleted), and create it anew.";
                break;
            case 403 when message.Contains("violates PodSecurity", StringComparison.Ordinal):
                advice = "Set the security context that the message names (New-LabManifest makes pods that pass), or change the namespace's pod-security labels.";
                break;
            case >= 400 and < 500 when message.Contains("admission webhook", StringComparison.Ordinal) || message.Contains("ValidatingAdmissionPolicy", StringComparison.Ordinal):
                advice = "A policy of the cluster refuses it, not a missing role: change the object as the message says, or ask who keeps the policy.";
                break;
            case >= 500 when message.Contains("failed calling webhook", StringComparison.Ordinal):
                advice = "The server of that webhook does not answer, and the API server must not go on without it: Get-LabResource validatingwebhookconfigurations, mutatingwebhookconfigurations finds it.";
                break;
            case 403:
                advice = "Ask for a role that allows it, or use another context with -Context.";
                break;
        }

        return new LabException(KindOf(code, reason), reason, message) { StatusCode = code, Advice = advice };
    }

    /// <summary>What to say of a namespace that does not exist.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The message.</returns>
    public static string NoNamespace(string name) => $"There is no namespace '{name}': create it, deploy a manifest with kind: Namespace first, or choose another with -Namespace.";

    /// <summary>Who owns the fields that an apply was refused for.</summary>
    /// <param name="message">The message of the refusal, as made here.</param>
    /// <returns>The managers; none where it is no such refusal.</returns>
    public static string[] ConflictingManagers(string message) => [.. Conflict().Matches(message).Select(match => match.Groups[1].Value)];

    /// <summary>The error for a server that cannot be reached, or whose answer broke off.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="e">What happened.</param>
    /// <returns>The exception: CertificateNotTrusted or ClusterUnreachable.</returns>
    public static LabException Unreachable(KubeEndpoint endpoint, Exception e)
    {
        Exception root = e.GetBaseException();
        bool certificate = !IsBrokenHandshake(e)
            && (e is AuthenticationException || root is AuthenticationException || (e as HttpRequestException)?.HttpRequestError == HttpRequestError.SecureConnectionError);
        return certificate
            ? new LabException(
                LabErrorKind.ConnectionFailed, "CertificateNotTrusted",
                $"The TLS connection to the API server {endpoint.Address} failed ({root.Message.TrimEnd('.')}): check certificate-authority and tls-server-name in the kubeconfig ({endpoint.Source}).", e)
            : new LabException(
                LabErrorKind.ConnectionFailed, "ClusterUnreachable",
                $"No Kubernetes cluster at {endpoint.Address} ({root.Message.TrimEnd('.')}): start it, or choose another with -KubeConfig or -Context ({endpoint.Source}).", e);
    }

    /// <summary>The error for a creation whose answer did not come, and which must not be sent twice.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="url">Where the request went.</param>
    /// <param name="e">What happened.</param>
    /// <returns>The exception, which is about this object alone: the next request may go well.</returns>
    public static LabException AnswerLost(KubeEndpoint endpoint, Uri url, Exception e) => new(
        LabErrorKind.ConnectionFailed, "AnswerLost",
        $"The connection to {endpoint.Address} broke before the answer to POST {url.AbsolutePath} came ({e.GetBaseException().Message.TrimEnd('.')}), so it is not known whether the object was created: look before you create it again.", e)
    {
        StopsCommand = false,
    };

    /// <summary>Whether a TLS handshake failed because the connection broke: a server that stops, and no certificate that is wrong.</summary>
    /// <param name="e">What happened.</param>
    /// <returns>True if so.</returns>
    public static bool IsBrokenHandshake(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } && e.GetBaseException() is IOException or SocketException;

    // Whose fields, and which: conflict with "kube-controller-manager" with subresource "scale" using apps/v1: .spec.replicas
    private static string Conflicts(JsonObject[] conflicts) =>
        $"Apply failed with {conflicts.Length} {(conflicts.Length == 1 ? "conflict" : "conflicts")}: "
        + string.Join("; ", conflicts.GroupBy(cause => OneLine.Of(cause.Text("message") ?? "")).Select(group => $"{group.Key}: {string.Join(", ", group.Select(cause => cause.Text("field")))}"))
        + ".";

    [GeneratedRegex("""^"[^"]*" is invalid: patch: Invalid value: "(?:[^"\\]|\\.)*": """, RegexOptions.CultureInvariant)]
    private static partial Regex WholePatch();

    [GeneratedRegex("conflict with \"([^\"]*)\"")]
    private static partial Regex Conflict();

    private static bool IsAboutContent(string message) =>
        message.StartsWith("failed to create typed patch object", StringComparison.Ordinal)
        || (message.StartsWith("failed to convert new object", StringComparison.Ordinal) && message.Contains("unable to convert unstructured object", StringComparison.Ordinal));

    private static LabErrorKind KindOf(int code, string reason) => code switch
    {
        401 => LabErrorKind.AuthenticationFailed,
        403 => LabErrorKind.AccessDenied,
        404 => LabErrorKind.NotFound,
        405 or 406 or 415 => LabErrorKind.NotSupported,
        409 => reason == "AlreadyExists" ? LabErrorKind.AlreadyExists : LabErrorKind.Conflict,
        410 => LabErrorKind.Conflict,
        429 => LabErrorKind.LimitExceeded,
        504 => LabErrorKind.Timeout,
        >= 400 and < 500 => LabErrorKind.InvalidData,
        _ => LabErrorKind.ServiceFailed,
    };

    private static string ReasonOf(int code) => code switch
    {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Expired",
        422 => "Invalid",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "InternalError",
    };

    private static JsonObject? Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Words(string body)
    {
        string line = OneLine.Of(body);
        return line.Length == 0 ? null : line.Length > 300 ? line[..300] + "…" : line;
    }
}
