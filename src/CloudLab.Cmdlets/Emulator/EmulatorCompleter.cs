using CloudLab.Cmdlets.Pipeline.Completers;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Offers the emulators of this process by number.</summary>
public sealed class EmulatorCompleter : NumberCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(int Id, string Tip)> Running() => RunningEmulators.List().Select(emulator => (emulator.Id, $"{emulator.EndpointUrl}"));
}
