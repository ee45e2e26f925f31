using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Registries;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Base of the cmdlets that talk to registries themselves, without an engine.</summary>
public abstract class RegistryCommand : LabCommand
{
    private readonly CommandSession session = new();
    private RegistryImages? images;

    /// <summary>Allows plain HTTP where a registry does not speak TLS. Registries on this machine (127.0.0.1, localhost) need no permission.</summary>
    [Parameter]
    public SwitchParameter AllowHttp { get; set; }

    /// <summary>Accepts any certificate of a registry.</summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <inheritdoc cref="AwsCommand.Session"/>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>The session that the session object and the runspace's default add up to; it names docker's configuration.</summary>
    protected LabSession Lab => session.Resolve(new SessionOptions(), Session);

    /// <summary>How registries are talked to.</summary>
    protected RegistryOptions Options => new(AllowHttp, SkipCertificateCheck);

    /// <summary>Looks at images in registries; one for the whole command, so that its connections serve all inputs.</summary>
    private protected RegistryImages Images => images ??= new RegistryImages(Lab, Reporter, Options);

    /// <inheritdoc/>
    protected override void OnBegin() => session.Begin();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            images?.Dispose();
        }

        base.Dispose(disposing);
    }
}
