using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Lists the networks in a Docker Engine, with the containers that use them.</summary>
/// <remarks>
/// <para>Errors: NetworkNotFound, with the nearest names.</para>
/// </remarks>
/// <example>
/// <para>Lists all networks.</para>
/// <code>Get-LabDockerNetwork</code>
/// </example>
/// <example>
/// <para>Lists the networks that no container uses.</para>
/// <code>Get-LabDockerNetwork | Where-Object { -not $_.Containers }</code>
/// </example>
/// <inputtype>System.String: name of a network.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabDockerNetwork")]
[OutputType(typeof(LabDockerNetwork))]
public sealed class GetLabDockerNetworkCommand : NetworkCommand
{
    /// <summary>Names of networks; wildcards are allowed. All networks if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Network")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Name is null)
        {
            await WriteManyAsync(await Store.ListAsync(cancellation), cancellation);
        }
        else
        {
            await ForEachAsync(Name, async each => await WriteAsync(each, cancellation), cancellation);
        }
    }
}
