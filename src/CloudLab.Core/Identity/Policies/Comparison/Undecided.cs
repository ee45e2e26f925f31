namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>What a search could not try to the end.</summary>
internal sealed class Undecided
{
    private readonly List<string> reasons = [];

    /// <summary>The reasons, each once.</summary>
    public IReadOnlyList<string> Reasons => reasons;

    /// <summary>Adds a reason.</summary>
    /// <param name="reason">What was not tried, to complete a sentence.</param>
    public void Add(string reason)
    {
        if (!reasons.Contains(reason, StringComparer.Ordinal))
        {
            reasons.Add(reason);
        }
    }
}
