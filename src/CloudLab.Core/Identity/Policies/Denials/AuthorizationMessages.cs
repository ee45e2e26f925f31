using System.Text.Json;
using Amazon.SecurityToken.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies.Decisions;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Policies.Denials;

/// <summary>Explains refusals, and has the messages decoded that services such as EC2 encode.</summary>
/// <param name="client">The services.</param>
public sealed class AuthorizationMessages(IdentityClient client)
{
    /// <summary>Has STS decode a message (needs sts:DecodeAuthorizationMessage).</summary>
    /// <param name="encoded">The message.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The decoded JSON, and what it says. Throws <see cref="LabException"/> (InvalidAuthorizationMessageException, AccessDenied).</returns>
    public async Task<(string Json, AccessDenialText Text)> DecodeAsync(string encoded, CancellationToken cancellation = default)
    {
        DecodeAuthorizationMessageResponse answer = await client.StsAsync(
            "DecodeAuthorizationMessage", "Encoded authorization message", encoded,
            sts => sts.DecodeAuthorizationMessageAsync(new DecodeAuthorizationMessageRequest { EncodedMessage = encoded }, cancellation), cancellation);
        return (answer.DecodedMessage, Read(answer.DecodedMessage));
    }

    /// <summary>Explains a refusal from what is known of it.</summary>
    /// <param name="text">What its message says.</param>
    /// <param name="evaluation">What the account's policies decide, or null where they were not read.</param>
    /// <param name="decoded">The decoded message, or null.</param>
    /// <param name="known">The caller, where more is known of it than the message says: the ARN of its role with the path; or null.</param>
    /// <returns>The explanation.</returns>
    public static LabAccessDenied Explain(AccessDenialText text, LabPolicyDecision? evaluation, string? decoded = null, PolicyCaller? known = null)
    {
        PolicyCaller? caller = known ?? (text.Principal is { } principal ? CallerText.TryParse(principal) : null);
        PolicyOutcome? outcome = text.IsExplicit is { } denied ? (denied ? PolicyOutcome.ExplicitDeny : PolicyOutcome.ImplicitDeny) : evaluation?.Decision;
        string? layer = text.Layer ?? (evaluation is { Allowed: false } ? PolicyExplainer.NameOf(evaluation.Layer) : null);
        PolicyLayer? refusing = text.KnownLayer() ?? (text.Layer is null ? evaluation?.Layer : null);
        string? decidedBy = text.PolicyArn ?? (evaluation is { Policy: not null, Decision: PolicyOutcome.ExplicitDeny } ? evaluation.DecidedBy : null);
        (PolicyDocument? suggestion, string? where) = outcome == PolicyOutcome.ExplicitDeny ? (null, null) : Suggest(text, caller, refusing);
        return new LabAccessDenied
        {
            Principal = text.Principal,
            Action = text.Action,
            Resource = text.Resource,
            Decision = outcome == PolicyOutcome.Allowed ? null : outcome,
            Layer = layer,
            DecidedBy = decidedBy,
            Explanation = Words(text, outcome, layer, decidedBy, where, evaluation, suggestion is null && refusing == PolicyLayer.Resource ? Unnamed(caller, text) : null),
            Suggestion = suggestion,
            SuggestionFor = where,
            Evaluation = evaluation,
            DecodedMessage = decoded,
        };
    }

    private static string Words(
        AccessDenialText text, PolicyOutcome? outcome, string? layer, string? decidedBy, string? where, LabPolicyDecision? evaluation, string? unnamed)
    {
        if (text.Action is null)
        {
            return "The service does not say what it refused, or why. Give -Action and -Resource, and -IncludePolicy to have the caller's policies evaluated.";
        }

        string what = $"{text.Principal ?? "The caller"} may not {text.Action}{(text.Resource is null ? "" : $" on {text.Resource}")}";
        string nearest = evaluation is { NearMiss: [var miss, ..] } ? $" Nearest: {miss}." : "";
        return outcome switch
        {
            PolicyOutcome.ExplicitDeny =>
                $"{what}: {(decidedBy is null ? $"a statement of a {layer}" : decidedBy)} denies it. No other statement can allow it: change or remove the one that denies.",
            PolicyOutcome.Allowed =>
                $"{what}, but the policies that were read allow it: a policy that was not read refuses it (of the organization, the session, the resource or an endpoint), or the change is too new.",
            PolicyOutcome.ImplicitDeny => $"{what}: no {layer} allows it. {unnamed ?? $"The statement in the property Suggestion allows it in {where}."}{nearest}",
            _ => $"{what}; the service does not say why. The statement in the property Suggestion allows it in {where}, unless another policy denies it: -IncludePolicy evaluates the caller's policies.",
        };
    }

    // A statement of a resource's policy names whom it allows; whom it would let in otherwise is everybody.
    private static PolicyPrincipal? Named(PolicyCaller? caller) => caller switch
    {
        { Arn: not null } => new PolicyPrincipal { AWS = [caller.RoleArn ?? caller.Arn] },
        { Service: not null } => new PolicyPrincipal { Service = [caller.Service] },
        { Federated: not null } => new PolicyPrincipal { Federated = [caller.Federated] },
        { CanonicalUser: not null } => new PolicyPrincipal { CanonicalUser = [caller.CanonicalUser] },
        _ => null,
    };

    private static string Unnamed(PolicyCaller? caller, AccessDenialText text) => caller is not null
        ? "The request was anonymous, and what allows it would allow it to everybody: send it with credentials."
        : $"No statement is suggested, because it has to name the caller{(text.Principal is null ? ", which the message does not say" : $", and '{text.Principal}' is none that a policy can name")}: give -Principal, the ARN of a user or role or a service such as ec2.amazonaws.com.";

    private static (PolicyDocument? Document, string? Where) Suggest(AccessDenialText text, PolicyCaller? caller, PolicyLayer? layer)
    {
        if (text.Action is null)
        {
            return (null, null);
        }

        string name = caller?.RoleArn ?? caller?.Arn ?? "the caller";
        bool trust = text.Resource?.Contains(":role/", StringComparison.Ordinal) == true && text.Action.StartsWith("sts:", StringComparison.Ordinal);
        PolicyStatement statement = new() { Effect = PolicyEffect.Allow, Action = [text.Action], Resource = [text.Resource ?? "*"] };
        switch (layer)
        {
            case PolicyLayer.Resource when Named(caller) is null:
                return (null, null);
            case PolicyLayer.Resource:
                statement = statement with
                {
                    Principal = Named(caller),
                    Resource = trust ? [] : statement.Resource,
                };
                return (new PolicyDocument([statement]), trust ? $"the trust policy of {text.Resource}" : $"the policy of {text.Resource ?? "the resource"}");
            case PolicyLayer.Boundary:
                return (new PolicyDocument([statement]), $"the permissions boundary of {name}");
            case PolicyLayer.Session:
                return (new PolicyDocument([statement]), "the session policy, that is in the call that assumed the role");
            case PolicyLayer.ServiceControl:
                return (new PolicyDocument([statement]), "the service control policies of the organization, at every level");
            case PolicyLayer.ResourceControl:
                return (new PolicyDocument([statement]), "the resource control policies of the organization");
            default:
                return (new PolicyDocument([statement]), trust && layer is null ? $"a policy of {name}, whom the trust policy of {text.Resource} must also name" : $"a policy of {name}");
        }
    }

    // {"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[…]},"context":{"principal":{"arn":…},"action":…,"resource":…}}
    private static AccessDenialText Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            string? Text(params string[] path)
            {
                JsonElement at = root;
                foreach (string name in path)
                {
                    if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                    {
                        return null;
                    }
                }

                return at.ValueKind == JsonValueKind.String ? at.GetString() : null;
            }

            return new AccessDenialText(
                Text("context", "principal", "arn"), Text("context", "action"), Text("context", "resource"), null,
                root.TryGetProperty("explicitDeny", out JsonElement denied) ? denied.ValueKind == JsonValueKind.True : null, null, null);
        }
        catch (JsonException e)
        {
            throw new LabException(LabErrorKind.ServiceFailed, "InvalidResponse", "STS decoded the message to something that is not JSON.", e);
        }
    }
}
