using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Makes networks for containers.</summary>
/// <remarks>
/// <para>Containers in the same network find each other by name.</para>
/// <para>Errors: NetworkNameTaken, SubnetTaken.</para>
/// </remarks>
/// <example>
/// <para>Makes a network and runs a container in it.</para>
/// <code>New-LabDockerNetwork movies; Start-LabContainer movies/site:1.0 -Name web -Network movies</code>
/// </example>
/// <example>
/// <para>Makes a network with its own range of addresses and no way out.</para>
/// <code>New-LabDockerNetwork movies-db -Subnet 10.77.0.0/24 -Internal -Label @{ team = 'movies' }</code>
/// </example>
/// <inputtype>System.String: name of a network.</inputtype>
[Cmdlet(VerbsCommon.New, "LabDockerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(LabDockerNetwork))]
public sealed class NewLabDockerNetworkCommand : NetworkCommand
{
    /// <summary>Names of the networks.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Driver: bridge, macvlan, ipvlan or overlay. bridge if omitted.</summary>
    [Parameter]
    [Alias("d")]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Driver { get; set; }

    /// <summary>Range of addresses: <c>10.77.0.0/24</c>; the engine chooses one if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subnet { get; set; }

    /// <summary>Address of the gateway in the range.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Gateway { get; set; }

    /// <summary>Gives the containers no way out of the engine's machine.</summary>
    [Parameter]
    public SwitchParameter Internal { get; set; }

    /// <summary>Gives the containers IPv6 addresses, too.</summary>
    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>Labels: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Options of the driver.</summary>
    [Parameter]
    [Alias("Opt", "o")]
    [ValidateNotNull]
    public Hashtable Option { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async name =>
    {
        if (await ShouldProcessAsync(name, "Make network"))
        {
            NetworkOptions options = new()
            {
                Name = name, Driver = Driver, Subnet = Subnet, Gateway = Gateway, Internal = Internal, IPv6 = IPv6,
                Labels = TextTable.Read(Label), Options = TextTable.Read(Option),
            };
            await WriteAsync(await Store.CreateAsync(options, cancellation), cancellation);
        }
    });
}
