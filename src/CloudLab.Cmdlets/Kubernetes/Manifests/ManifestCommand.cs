using System.Management.Automation;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Base of the cmdlets that send manifests: reads all of them before anything is sent.</summary>
public abstract class ManifestCommand : ManifestInputCommand
{
    /// <summary>Lets the server run all its checks without storing anything.</summary>
    [Parameter]
    public SwitchParameter DryRun { get; set; }

    /// <summary>How many requests to send at the same time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 64;

    /// <summary>The options that both directions share.</summary>
    /// <returns>Options to add to.</returns>
    protected ManifestOptions ManifestOptions() => new()
    {
        DefaultNamespace = Connection.Namespace,
        Namespace = GivenNamespace,
        DryRun = DryRun,
        ThrottleLimit = ThrottleLimit,
    };
}
