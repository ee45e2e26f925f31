using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Review.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the rules of the review of manifests.</summary>
public sealed class ManifestRuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return ManifestRule.All.Where(rule => rule.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase)).OrderBy(rule => rule.Id, StringComparer.Ordinal)
            .Select(rule => Completion.Offer(rule.Id, tip: rule.Title));
    }
}
