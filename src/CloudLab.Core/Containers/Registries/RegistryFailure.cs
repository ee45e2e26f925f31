using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Says what a registry's refusal means, which the engine and BuildKit hand on as a text.</summary>
internal static partial class RegistryFailure
{
    private const int LongestMessage = 300;

    /// <summary>The error of a refusal by the registry itself.</summary>
    /// <param name="answer">Its answer.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="target">What it was asked for, or null.</param>
    /// <param name="cancellation">Cancels reading the answer.</param>
    /// <returns>The error: what is wrong and what to do.</returns>
    public static async Task<LabException> OfAsync(HttpResponseMessage answer, string registry, string? target, CancellationToken cancellation)
    {
        int status = (int)answer.StatusCode;
        string why = Said(await TextAsync(answer, cancellation)) ?? answer.ReasonPhrase ?? "no reason was given";
        string what = target is null ? "the request" : $"'{target}'";
        return status switch
        {
            401 or 403 => Unauthorized(registry, why, target, status),
            404 => new(LabErrorKind.NotFound, "ImageNotFound", target is null ? $"The registry {registry} does not know what it was asked for: {why}." : $"There is no {what} in the registry {registry}.")
            {
                Target = target, StatusCode = status, ServiceMessage = why, Advice = "Find-LabImageTag lists the tags of a repository.",
            },
            429 => new(LabErrorKind.LimitExceeded, "RegistryLimit", $"The registry {registry} refuses {what} for now: {why}. Wait, or sign in with Connect-LabRegistry for a higher limit.")
            {
                Target = target, StatusCode = status, ServiceMessage = why,
            },
            _ => new(LabErrorKind.ServiceFailed, "RegistryFailed", $"The registry {registry} failed at {what}: {why} ({status}).")
            {
                Target = target, StatusCode = status, ServiceMessage = why,
            },
        };
    }

    /// <summary>The beginning of an answer as text: more than an error or a token needs is not read.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <returns>The text.</returns>
    public static async Task<string> TextAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        byte[] buffer = new byte[1 << 18];
        await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);
        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation));
    }

    /// <summary>The error where the registry does not let the caller in.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="why">What it said.</param>
    /// <param name="target">What it was asked for, or null.</param>
    /// <param name="status">The HTTP status, or null.</param>
    /// <returns>The error.</returns>
    public static LabException Unauthorized(string registry, string why, string? target, int? status = null) => new(
        LabErrorKind.AccessDenied, "RegistryUnauthorized",
        $"The registry {registry} refused {(target is null ? "access" : $"access to '{target}'")}: {why.TrimEnd('.')}. Sign in with '{SignIn(registry)}'.")
    {
        Target = target ?? registry, StatusCode = status, ServiceMessage = why,
    };

    /// <summary>The error where the registry does not answer.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="why">What happened.</param>
    /// <param name="inner">What it was told by.</param>
    /// <returns>The error.</returns>
    public static LabException Unreachable(string registry, string why, Exception inner) => new(
        LabErrorKind.ServiceFailed, "RegistryUnreachable", $"The registry {registry} cannot be reached: {why.TrimEnd('.')}.", inner)
    {
        Target = registry,
        Advice = why.Contains("frame", StringComparison.Ordinal) ? "It seems to speak plain HTTP: -AllowHttp allows that."
            : inner.GetBaseException() is System.Security.Authentication.AuthenticationException
                ? $"Put its authority's certificate at certs.d/{registry}/ca.crt in docker's configuration folder, or use -SkipCertificateCheck."
                : "Check its name, its port and the network.",
    };

    /// <summary>The error for a platform that an image in a registry does not have.</summary>
    /// <param name="image">Name of the image.</param>
    /// <param name="missing">The platforms that were asked for.</param>
    /// <param name="there">Those that it has.</param>
    /// <returns>The error.</returns>
    public static LabException NoPlatform(string image, IEnumerable<string> missing, IEnumerable<string> there) => new(
        LabErrorKind.NotFound, "PlatformNotFound", $"'{image}' does not exist for {string.Join(", ", missing)}, only for {string.Join(", ", there)}.") { Target = image };

    /// <summary>How one signs in to a registry.</summary>
    /// <param name="registry">The registry.</param>
    /// <returns>The command.</returns>
    public static string SignIn(string registry) => registry == RegistryCredentials.Hub ? "Connect-LabRegistry" : $"Connect-LabRegistry {registry}";

    /// <summary>Makes the error of a push or a pull.</summary>
    /// <param name="image">Name of the image.</param>
    /// <param name="pull">True for a pull, false for a push.</param>
    /// <param name="why">What the engine said.</param>
    /// <param name="inner">What it was said in, or null.</param>
    /// <param name="built">Whether the image that is pushed was built just before.</param>
    /// <returns>The error: what is wrong and what to do.</returns>
    public static LabException Explain(string image, bool pull, string why, Exception? inner = null, bool built = false)
    {
        string registry = ImageName.Registry(image);
        string what = pull ? "could not be pulled from" : built ? "was built but could not be pushed to" : "could not be pushed to";
        why = why.Trim().TrimEnd('.');
        if (UnauthorizedError().IsMatch(why))
        {
            return Make(
                LabErrorKind.AccessDenied, "RegistryUnauthorized",
                $"The registry {registry} refused the {(pull ? "pull" : "push")} of '{image}': {why}. Sign in with '{SignIn(registry)}'.");
        }

        if (pull && PlatformError().IsMatch(why))
        {
            return Make(
                LabErrorKind.NotFound, "PlatformNotFound", $"'{image}' does not exist for this platform: {why}.",
                "Another platform is given with -Platform, such as linux/amd64.");
        }

        if (pull && NotFoundError().IsMatch(why))
        {
            return Make(LabErrorKind.NotFound, "ImageNotFound", $"There is no image '{image}' in the registry {registry}.", "Check the repository and the tag.");
        }

        bool plain = why.Contains("server gave HTTP response to HTTPS client", StringComparison.Ordinal);
        return Make(
            LabErrorKind.ServiceFailed, plain || UnreachableError().IsMatch(why) ? "RegistryUnreachable" : pull ? "PullFailed" : "PushFailed",
            $"'{image}' {what} {registry}: {why}.",
            plain ? $"The registry speaks plain HTTP: add \"insecure-registries\": [\"{registry}\"] to the engine's daemon.json."
                : pull ? null : "Pushing again sends only the layers that the registry does not have.");

        LabException Make(LabErrorKind kind, string code, string message, string? advice = null) => new(kind, code, message, inner)
        {
            Target = image, Advice = advice, ServiceMessage = why,
        };
    }

    // {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":...}]}
    private static string? Said(string body)
    {
        try
        {
            string[] texts =
            [
                .. (StrictJson.Parse(body)?["errors"] as JsonArray ?? []).Select(error => StrictJson.Text(error, "message") ?? StrictJson.Text(error, "code"))
                    .OfType<string>().Where(text => text.Length > 0),
            ];
            string said = string.Join("; ", texts).ReplaceLineEndings(" ");
            return said.Length == 0 ? null : said.Length > LongestMessage ? said[..LongestMessage] + "…" : said;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A page of a proxy in between says nothing that one line could hold.
            return null;
        }
    }

    [GeneratedRegex(@"\b401\b|\b403\b|unauthorized|authorization failed|denied|no basic auth|insufficient_scope|forbidden", RegexOptions.IgnoreCase)]
    private static partial Regex UnauthorizedError();

    [GeneratedRegex(@"no match(ing manifest)? for (the )?(specified )?platform|no matching manifest for|does not match the specified platform", RegexOptions.IgnoreCase)]
    private static partial Regex PlatformError();

    [GeneratedRegex(@": not found$|manifest unknown|name unknown|manifest for .* not found", RegexOptions.IgnoreCase)]
    private static partial Regex NotFoundError();

    [GeneratedRegex(@"dial tcp|connection refused|no such host|i/o timeout|deadline exceeded|server gave HTTP response", RegexOptions.IgnoreCase)]
    private static partial Regex UnreachableError();
}
