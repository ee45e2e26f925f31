using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the port-forwards of this session by number.</summary>
public sealed class PortForwardCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        LabPortForward.All().Select(forward => (Id: forward.Id.ToString(CultureInfo.InvariantCulture), Tip: $"{forward} -> {forward.Target}:{forward.RemotePort}"))
            .Where(forward => forward.Id.StartsWith(wordToComplete, StringComparison.Ordinal))
            .Select(forward => Completion.Offer(forward.Id, CompletionResultType.ParameterValue, forward.Tip));
}
