using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Says what a registry's refusal means, which the engine and BuildKit hand on as a text.</summary>
internal static partial class RegistryFailure
{
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
        string login = registry == RegistryCredentials.Hub ? "docker login" : $"docker login {registry}";
        string what = pull ? "could not be pulled from" : built ? "was built but could not be pushed to" : "could not be pushed to";
        why = why.Trim().TrimEnd('.');
        if (UnauthorizedError().IsMatch(why))
        {
            return Make(
                LabErrorKind.AccessDenied, "RegistryUnauthorized",
                $"The registry {registry} refused the {(pull ? "pull" : "push")} of '{image}': {why}. Sign in with '{login}'.");
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

    [GeneratedRegex(@"\b401\b|\b403\b|unauthorized|authorization failed|denied|no basic auth|insufficient_scope|forbidden", RegexOptions.IgnoreCase)]
    private static partial Regex UnauthorizedError();

    [GeneratedRegex(@"no match(ing manifest)? for (the )?(specified )?platform|no matching manifest for|does not match the specified platform", RegexOptions.IgnoreCase)]
    private static partial Regex PlatformError();

    [GeneratedRegex(@": not found$|manifest unknown|name unknown|manifest for .* not found", RegexOptions.IgnoreCase)]
    private static partial Regex NotFoundError();

    [GeneratedRegex(@"dial tcp|connection refused|no such host|i/o timeout|deadline exceeded|server gave HTTP response", RegexOptions.IgnoreCase)]
    private static partial Regex UnreachableError();
}
