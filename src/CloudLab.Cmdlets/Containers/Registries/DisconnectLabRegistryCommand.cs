using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Signs out of a registry: forgets its stored credentials.</summary>
/// <remarks>
/// <para>The credentials are removed from where Connect-LabRegistry and 'docker login' store them. Nothing is sent to the registry: a token
/// that it gave out before stays valid as long as it says.</para>
/// <para>Errors, one for each registry: RegistryNotConnected when no credentials are stored for it, with the registries that have some; RegistryInvalid;
/// RegistryCredentialsNotStored when a credential helper fails; DockerConfigNotWritten.</para>
/// </remarks>
/// <example>
/// <para>Signs out.</para>
/// <code>Disconnect-LabRegistry 127.0.0.1:5000</code>
/// </example>
/// <example>
/// <para>Shows what would be forgotten.</para>
/// <code>Disconnect-LabRegistry 127.0.0.1:5000 -WhatIf</code>
/// </example>
/// <inputtype>Names of registries, or objects with the property Registry, as Connect-LabRegistry writes them.</inputtype>
[Cmdlet(VerbsCommunications.Disconnect, "LabRegistry", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectLabRegistryCommand : RegistryCommand
{
    /// <summary>The registry: host or host:port. Docker's own if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string? Registry { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Registry;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string registry = RegistryAccounts.NameOf(Registry);
        if (await ShouldProcessAsync(registry, "Forget the stored credentials"))
        {
            await new RegistryAccounts(Lab, Reporter).DisconnectAsync(registry, cancellation);
        }
    }
}
