using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Offers the emulators of this process by number.</summary>
public sealed class EmulatorCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        RunningEmulators.List().Select(emulator => (Id: emulator.Id.ToString(CultureInfo.InvariantCulture), Tip: $"{emulator.EndpointUrl}"))
            .Where(emulator => emulator.Id.StartsWith(wordToComplete, StringComparison.Ordinal))
            .Select(emulator => Completion.Offer(emulator.Id, CompletionResultType.ParameterValue, emulator.Tip));
}
