namespace CloudLab.Core.Common.Review;

/// <summary>A rule of a review. Each review has one table of them, which its page of docs/, its reports and its completion are made from.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Severity">How much harm it usually does; a finding can differ.</param>
/// <param name="Title">What it finds, in one sentence.</param>
/// <param name="Help">Why that matters.</param>
/// <param name="Fix">What to do; empty where that depends on what was found.</param>
public abstract record FindingRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix)
{
    /// <summary>Whether it is looked for only where it is asked for by its id: what is good breaks it, too.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether it is about security.</summary>
    public virtual bool IsSecurity { get; init; }

    /// <summary>All names that it is known by, its id first.</summary>
    public virtual IEnumerable<string> Names => [Id];

    /// <summary>Rules with similar names, as a sentence to put behind an error.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="all">The rules.</param>
    /// <returns>The sentence; empty where there is none.</returns>
    public static string Similar(string name, IEnumerable<FindingRule> all) => NearestNames.Say(name, all.SelectMany(rule => rule.Names));
}
