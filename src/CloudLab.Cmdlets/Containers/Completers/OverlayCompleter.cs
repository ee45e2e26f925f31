using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the overlays that are mounted.</summary>
public sealed class OverlayCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) => !OperatingSystem.IsLinux() ? []
        : Completion.Offers(OverlayMounts.All().Select(overlay => overlay.Path), wordToComplete);
}
