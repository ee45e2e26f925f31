using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>What -Rule and -ExcludeRule of a review choose.</summary>
internal sealed class RuleFilter
{
    private readonly WildcardPattern[]? only, not;

    /// <summary>Reads the two parameters.</summary>
    /// <param name="rule">-Rule; null for all rules that are not optional.</param>
    /// <param name="excluded">-ExcludeRule.</param>
    /// <param name="all">The rules of the review.</param>
    /// <param name="page">Where they are listed: <c>docs/manifest-review.md</c>. A name that is none of them throws <see cref="LabException"/> (RuleUnknown).</param>
    public RuleFilter(string[]? rule, string[]? excluded, IReadOnlyList<FindingRule> all, string page) =>
        (only, not) = (Patterns(rule, all, page), Patterns(excluded, all, page));

    /// <summary>Whether a rule is looked for.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>True if so.</returns>
    public bool Wants(FindingRule rule) => (only is null ? !rule.IsOptional : IsMeant(only, rule)) && (not is null || !IsMeant(not, rule));

    private static bool IsMeant(WildcardPattern[] patterns, FindingRule rule) => Array.Exists(patterns, pattern => rule.Names.Any(pattern.IsMatch));

    private static WildcardPattern[]? Patterns(string[]? names, IReadOnlyList<FindingRule> all, string page) => names is null ? null :
    [
        .. names.Select(name =>
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            return all.Any(rule => IsMeant([pattern], rule)) ? pattern : throw new LabException(
                LabErrorKind.InvalidArgument, "RuleUnknown", $"There is no rule '{name}'.{FindingRule.Similar(name, all)} {page} lists the rules.") { Target = name };
        }),
    ];
}
