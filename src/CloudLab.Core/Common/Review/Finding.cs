namespace CloudLab.Core.Common.Review;

/// <summary>What the findings of the reviews of Kubernetes have in common.</summary>
public abstract record Finding
{
    /// <summary>How much harm it can do.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>Id of the rule: one stable word, as in <c>SelectorMatchesNothing</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>What is wrong.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public required string Action { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {Message}";
}
