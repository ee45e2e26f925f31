using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Dockerfiles;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the rules of the review of Dockerfiles.</summary>
public sealed class DockerfileRuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return DockerfileRule.All.Where(rule => rule.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase)).OrderBy(rule => rule.Id, StringComparer.Ordinal)
            .Select(rule => Completion.Offer(rule.Id, tip: rule.Title))
            .Concat(word.StartsWith("dl", StringComparison.OrdinalIgnoreCase)
                ? DockerfileRule.All.SelectMany(rule => rule.Hadolint.Select(name => (Name: name, Rule: rule))).Where(pair => pair.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                    .OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => Completion.Offer(pair.Name, tip: pair.Rule.Title))
                : []);
    }
}
