using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Signs in to a registry, for CloudLab, docker and everything else that reads docker's configuration.</summary>
/// <remarks>
/// <para>The credentials are tried first and stored only if the registry accepts them: with the credential helper or credential store that
/// config.json names for the registry, or else in config.json itself, readable for its owner alone but not encrypted, as 'docker login'
/// does. The folder is the one that DOCKER_CONFIG names, or .docker in the home folder.</para>
/// <para>Registries on this machine may speak plain HTTP. A certificate authority of your own goes to certs.d/host:port/ca.crt (on Windows without the colon) in docker's
/// configuration folder or in /etc/docker.</para>
/// <para>Errors: RegistryUnauthorized when the registry does not accept the credentials; RegistryUnreachable; NotARegistry; RegistryInvalid;
/// RegistryCredentialsNotStored when a credential helper fails; DockerConfigNotWritten.</para>
/// </remarks>
/// <example>
/// <para>Signs in to a registry on this machine; PowerShell asks for the password.</para>
/// <code>Connect-LabRegistry 127.0.0.1:5000 -Credential ann</code>
/// </example>
/// <example>
/// <para>Signs in with an access token from the environment, as a pipeline does.</para>
/// <code>Connect-LabRegistry 127.0.0.1:5000 -Credential ([pscredential]::new('ann', (ConvertTo-SecureString $env:REGISTRY_TOKEN -AsPlainText)))</code>
/// </example>
/// <inputtype>Names of registries.</inputtype>
[Cmdlet(VerbsCommunications.Connect, "LabRegistry")]
[OutputType(typeof(LabRegistryLogin))]
public sealed class ConnectLabRegistryCommand : RegistryCommand
{
    /// <summary>The registry: host or host:port. Docker's own if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string? Registry { get; set; }

    /// <summary>User name and password or access token; PowerShell asks for what is missing.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = null!;

    /// <inheritdoc/>
    protected override object? ErrorTarget => Registry;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) => await WriteAsync(
        await new RegistryAccounts(Lab, Reporter).ConnectAsync(
            RegistryAccounts.NameOf(Registry), Credential.UserName, Credential.GetNetworkCredential().Password, Options, cancellation),
        cancellation);
}
