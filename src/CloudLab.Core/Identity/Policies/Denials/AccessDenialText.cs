using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Policies.Denials;

/// <summary>What the message of a refusal says
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).</summary>
/// <param name="Principal">ARN of the caller, or null.</param>
/// <param name="Action">Action, or null.</param>
/// <param name="Resource">ARN of the resource, or null.</param>
/// <param name="Layer">Words for the layer of policies that refused, or null: <c>identity-based policy</c>.</param>
/// <param name="IsExplicit">Whether a statement denies it; null where the message does not say.</param>
/// <param name="PolicyArn">ARN of the policy that denies it, where the service tells it.</param>
/// <param name="Encoded">The message that only STS can decode, or null.</param>
public sealed partial record AccessDenialText(
    string? Principal, string? Action, string? Resource, string? Layer, bool? IsExplicit, string? PolicyArn, string? Encoded)
{
    /// <summary>Reads a message.</summary>
    /// <param name="message">The message, with whatever stands around it.</param>
    /// <returns>What it says; nothing but nulls where it says nothing.</returns>
    public static AccessDenialText Parse(string message)
    {
        Match who = Who().Match(message), explicitly = Explicit().Match(message), implicitly = Implicit().Match(message), encoded = Blob().Match(message);
        return new AccessDenialText(
            Text(who.Groups["user"]),
            Text(who.Groups["action"]) ?? Text(implicitly.Groups["action"]),
            Text(who.Groups["resource"]),
            Text(explicitly.Groups["layer"]) ?? Text(implicitly.Groups["layer"]),
            explicitly.Success ? true : implicitly.Success ? false : null,
            Text(explicitly.Groups["arn"]),
            Text(encoded.Groups["blob"]));
    }

    /// <summary>The layer that the words name.</summary>
    /// <returns>Null where there are none, or for one that is not evaluated here, such as the policy of a VPC endpoint.</returns>
    public PolicyLayer? KnownLayer() => Layer is null ? null
        : Enum.GetValues<PolicyLayer>().Where(layer => layer != PolicyLayer.Root).Select(layer => (PolicyLayer?)layer)
            .FirstOrDefault(layer => PolicyExplainer.NameOf(layer!.Value).Equals(Layer, StringComparison.OrdinalIgnoreCase));

    private static string? Text(Group group) => group.Success && group.Value.Length > 0 ? group.Value : null;

    [GeneratedRegex("""User: (?<user>\S+) is not authorized to perform: (?<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+)( on resource(\(s\))?: "?(?<resource>[^\s"]+[^\s".,]))?""")]
    private static partial Regex Who();

    [GeneratedRegex("""with an explicit deny in an? (?<layer>[A-Za-z -]+(policy|boundary))(: (?<arn>arn:[^\s"]+[^\s".,]))?""")]
    private static partial Regex Explicit();

    [GeneratedRegex("""because no (?<layer>[A-Za-z -]+(policy|boundary)) allows the (?<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+) action""")]
    private static partial Regex Implicit();

    [GeneratedRegex("""[Ee]ncoded authorization failure message: (?<blob>[A-Za-z0-9_=+/-]+)""")]
    private static partial Regex Blob();
}
