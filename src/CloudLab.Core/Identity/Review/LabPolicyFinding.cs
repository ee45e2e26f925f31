using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Identity.Review;

/// <summary>Something that the review of policies found, with the reason and what to do about it.</summary>
public sealed class LabPolicyFinding
{
    /// <summary>Id of the rule: <c>PrivilegeEscalation</c>. docs/policy-review.md describes all of them.</summary>
    public required string Id { get; init; }

    /// <summary>How much harm it can do.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>Whose policy it is: ARN of the user, group or role, or the name of the document.</summary>
    public required string Principal { get; init; }

    /// <summary>The policy; null if the finding is about several.</summary>
    public string? Policy { get; init; }

    /// <summary>The statement in that policy: its Sid, or its number counted from one; null if the finding is about several.</summary>
    public string? Statement { get; init; }

    /// <summary>What is wrong and what it leads to.</summary>
    public required string Why { get; init; }

    /// <summary>What to write instead.</summary>
    public required string Fix { get; init; }

    /// <summary>Actions that it is about.</summary>
    public IReadOnlyList<string> Action { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>File that the policy came from, or null.</summary>
    public string? Path { get; init; }

    /// <summary>Identifies the finding in a baseline: the same until the principal, the policy or what the statement says changes.</summary>
    public string Fingerprint => SarifReport.Fingerprint(Id, Principal, Policy, Content, Detail);

    /// <summary>The statement's own text: a number changes when another statement is put before it.</summary>
    internal string? Content { get; init; }

    /// <summary>What distinguishes findings of the same rule about the same statement.</summary>
    internal string? Detail { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Severity} {Id}: {Principal}: {Why}";
}
