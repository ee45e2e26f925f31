using System.Management.Automation;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Called by PowerShell when the module is removed: nothing would be left to stop its port-forwards with.</summary>
public sealed class PortForwardCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => LabPortForward.StopAll();
}
