using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Policies.Denials;

/// <summary>A refusal, explained: which layer of policies refused what to whom, and what would allow it.</summary>
public sealed class LabAccessDenied
{
    /// <summary>Who was refused: an ARN; null where it is not known.</summary>
    public string? Principal { get; init; }

    /// <summary>The action; null where it is not known.</summary>
    public string? Action { get; init; }

    /// <summary>ARN of the resource; null where it is not known.</summary>
    public string? Resource { get; init; }

    /// <summary>ExplicitDeny where a statement denies it, ImplicitDeny where none allows it; null where it is not known.</summary>
    public PolicyOutcome? Decision { get; init; }

    /// <summary>The layer of policies that refused: <c>identity-based policy</c>, <c>permissions boundary</c>; null where it is not known.</summary>
    public string? Layer { get; init; }

    /// <summary>ARN of the policy, or the statement and name of it, that decided; null where none did or none is known.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>What was found out, and what to do.</summary>
    public required string Explanation { get; init; }

    /// <summary>A policy that allows it, to be added where <see cref="SuggestionFor"/> says; null where adding does not help.</summary>
    public PolicyDocument? Suggestion { get; init; }

    /// <summary>Where the suggested statement belongs.</summary>
    public string? SuggestionFor { get; init; }

    /// <summary>What the policies of the account decide, with the statements that nearly allow it; null unless -IncludePolicy read them.</summary>
    public LabPolicyDecision? Evaluation { get; init; }

    /// <summary>The message that STS decoded, as JSON; null where there was none.</summary>
    public string? DecodedMessage { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Explanation;
}
