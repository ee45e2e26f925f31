using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies.Decisions;

/// <summary>An element of a statement.</summary>
public enum PolicyElement
{
    /// <summary>Action or NotAction.</summary>
    Action,

    /// <summary>Resource or NotResource.</summary>
    Resource,

    /// <summary>Principal or NotPrincipal.</summary>
    Principal,

    /// <summary>One condition.</summary>
    Condition,
}

/// <summary>What keeps a statement from applying to a request.</summary>
/// <param name="element">The element that does not match.</param>
/// <param name="key">Condition key, else null.</param>
/// <param name="operator">Condition operator, else the name of the element: <c>NotResource</c>.</param>
/// <param name="expected">What the statement says.</param>
/// <param name="actual">What the request has; null where it has no such key.</param>
public sealed class PolicyMismatch(PolicyElement element, string? key, string @operator, IReadOnlyList<string> expected, IReadOnlyList<string>? actual)
{
    /// <summary>The element that does not match.</summary>
    public PolicyElement Element { get; } = element;

    /// <summary>Condition key, or null.</summary>
    public string? Key { get; } = key;

    /// <summary>Condition operator, or the name of the element: <c>NotResource</c>.</summary>
    public string Operator { get; } = @operator;

    /// <summary>What the statement says.</summary>
    public IReadOnlyList<string> Expected { get; } = TextList.Of(expected);

    /// <summary>What the request has; null where it has no such key.</summary>
    public IReadOnlyList<string>? Actual { get; } = actual is null ? null : TextList.Of(actual);

    /// <inheritdoc/>
    public override string ToString()
    {
        string expected = string.Join(", ", Expected), actual = Actual is null ? "it is not in the request" : $"the request has {string.Join(", ", Actual)}";
        return Element == PolicyElement.Condition ? $"condition {Operator} {Key} {expected}: {actual}" : $"{Operator} {expected}: {actual}";
    }
}

/// <summary>A statement that would have decided a request, had it not been for one element.</summary>
/// <param name="layer">Layer of its policy.</param>
/// <param name="policy">Name of its policy.</param>
/// <param name="statement">The statement.</param>
/// <param name="index">Its place in the policy, from zero.</param>
/// <param name="failed">What does not match.</param>
public sealed class PolicyNearMiss(PolicyLayer layer, string policy, PolicyStatement statement, int index, IReadOnlyList<PolicyMismatch> failed)
{
    /// <summary>Layer of its policy.</summary>
    public PolicyLayer Layer { get; } = layer;

    /// <summary>Name of its policy.</summary>
    public string Policy { get; } = policy;

    /// <summary>Its place in the policy, counted from zero.</summary>
    public int StatementIndex { get; } = index;

    /// <summary>Its Sid, or null.</summary>
    public string? Sid => Statement.Sid;

    /// <summary>What it would have done.</summary>
    public PolicyEffect Effect => Statement.Effect;

    /// <summary>The statement.</summary>
    public PolicyStatement Statement { get; } = statement;

    /// <summary>What does not match.</summary>
    public IReadOnlyList<PolicyMismatch> Failed { get; } = TextList.Of(failed);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(Sid is { Length: > 0 } sid ? $"statement '{sid}'" : $"statement {StatementIndex + 1}")} of {Policy} would {(Effect == PolicyEffect.Allow ? "allow" : "deny")} it, but for {string.Join(" and ", Failed)}";
}
