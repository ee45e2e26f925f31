using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Pipeline.Completers;

/// <summary>Offers Amazon's regions.</summary>
public sealed class RegionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(AwsConnection.Regions, wordToComplete);
}
