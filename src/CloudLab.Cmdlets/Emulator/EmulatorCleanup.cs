using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Called by PowerShell when the module is removed: nothing would be left to stop its emulators with.</summary>
public sealed class EmulatorCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => RunningEmulators.StopAll(Runspace.DefaultRunspace);
}
