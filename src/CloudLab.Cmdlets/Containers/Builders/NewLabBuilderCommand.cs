using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Builders;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Builders;

/// <summary>Creates a buildx builder, which can do what the engine's own cannot.</summary>
/// <remarks>
/// <para>A builder with the driver docker-container runs BuildKit in a container of the engine: it can export to other places than
/// the engine and write all kinds of caches. It needs the image moby/buildkit, which is pulled when it starts: with
/// its first build, or at once with -Start. If it cannot start with -Start, it is removed again.</para>
/// <para>Errors: BuilderExists; BuilderCannotStart, with the reason; BuildxFailed with what buildx says.</para>
/// </remarks>
/// <example>
/// <para>Creates a builder, lists all builders, and removes it again.</para>
/// <code>New-LabBuilder -Name cloudlab-example; Get-LabBuilder; Remove-LabBuilder -Name cloudlab-example -Force</code>
/// </example>
/// <example>
/// <para>Shows what would be created.</para>
/// <code>New-LabBuilder -Name lab -DriverOption @{ network = 'host' } -Use -WhatIf</code>
/// </example>
/// <inputtype>Name of the builder.</inputtype>
[Cmdlet(VerbsCommon.New, "LabBuilder", SupportsShouldProcess = true)]
[OutputType(typeof(LabBuilder))]
public sealed class NewLabBuilderCommand : DockerCommand
{
    private string? configFile;

    /// <summary>Name of the new builder: letters, digits, '.', '_' and '-'.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [ValidatePattern("^[a-zA-Z][a-zA-Z0-9._-]*$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Name { get; set; } = "";

    /// <summary>What runs BuildKit.</summary>
    [Parameter]
    [ValidateSet("docker-container", "kubernetes", "remote")]
    public string Driver { get; set; } = "docker-container";

    /// <summary>Docker context or engine address to run it on, or the address of BuildKit for the driver remote: <c>tcp://host:1234</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DockerContextCompleter))]
    public string? Endpoint { get; set; }

    /// <summary>Platforms to build for besides those that the builder finds out itself.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>Options of the driver: <c>@{ image = '127.0.0.1:5000/buildkit'; network = 'host' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable DriverOption { get; set; } = [];

    /// <summary>Configuration file of BuildKit (buildkitd.toml).</summary>
    [Parameter]
    [Alias("Config")]
    [ValidateNotNullOrEmpty]
    public string? ConfigPath { get; set; }

    /// <summary>Flags of the BuildKit daemon: <c>--allow-insecure-entitlement network.host</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? BuildKitFlag { get; set; }

    /// <summary>Makes it the builder that is used if none is named.</summary>
    [Parameter]
    public SwitchParameter Use { get; set; }

    /// <summary>Starts it at once.</summary>
    [Parameter]
    [Alias("Bootstrap")]
    public SwitchParameter Start { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override void OnProcess() => configFile = ConfigPath is null ? null : FilePath.Of(this, ConfigPath);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        BuilderOptions options = new()
        {
            Name = Name,
            Driver = Driver,
            Endpoint = Endpoint,
            Platforms = [.. Platform.Select(PlatformName.Parse)],
            DriverOptions = TextTable.Read(DriverOption),
            ConfigFile = configFile,
            Flags = BuildKitFlag,
            Use = Use,
            Start = Start,
        };
        if (await ShouldProcessAsync(Name, $"Create a builder with the driver {Driver}{(Use ? " and use it" : "")}"))
        {
            await WriteAsync(await new BuilderStore(Lab, Reporter).CreateAsync(options, cancellation), cancellation);
        }
    }
}
