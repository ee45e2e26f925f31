using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Cmdlets.Kubernetes.Contexts;

/// <summary>Chooses the context that CloudLab, kubectl and all other tools of this user work with from now on, or its namespace.</summary>
/// <remarks>
/// <para>
/// This changes current-context in the kubeconfig, as 'kubectl config use-context' does; with -Namespace also the namespace of the context, as
/// 'kubectl config set-context --namespace' does. Comments and everything else in the file stay as they are. To use another context in this
/// session only, give -Context to a cmdlet, or -KubeContext and -Namespace to Connect-Lab.
/// </para>
/// <para>What Connect-Lab was told has precedence over the kubeconfig: a warning says so.</para>
/// <para>Errors: KubeContextNotFound, with the names of the existing contexts; KubeConfigNotWritten when the file cannot be written; KubeConfigInvalid.</para>
/// </remarks>
/// <example>
/// <para>Chooses a context, and shows first what would be changed.</para>
/// <code>Get-LabKubeContext | Select-Object -First 1 | Use-LabKubeContext -WhatIf</code>
/// </example>
/// <example>
/// <para>Works in another namespace of the current context from now on.</para>
/// <code>Use-LabKubeContext -Namespace movies -WhatIf</code>
/// </example>
/// <inputtype>Name of a context.</inputtype>
[Cmdlet(VerbsOther.Use, "LabKubeContext", SupportsShouldProcess = true)]
[OutputType(typeof(LabKubeContext))]
public sealed class UseLabKubeContextCommand : KubeCommand
{
    private string? typed;

    /// <summary>Name of a context; the current one if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Writes the context.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override bool NeedsCluster => false;

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();

        // A piped context has its own namespace with it, which is not one to set.
        typed = Namespace;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string name = Name ?? Connection.ContextSetting.Value
            ?? throw new LabException(LabErrorKind.InvalidArgument, "KubeContextMissing", "The kubeconfig has no current context: name one, as Get-LabKubeContext lists them.");
        string? ns = string.IsNullOrEmpty(typed) ? null : typed;
        string action = ns is null ? "Use this context for all Kubernetes tools" : $"Use this context, with the namespace {ns}, for all Kubernetes tools";
        if (!await ShouldProcessAsync(name, action))
        {
            return;
        }

        if (Connection.UseContext(name, ns) is { } other)
        {
            Reporter.Warning($"{other} has precedence over the kubeconfig in this session.");
        }

        if (PassThru)
        {
            await WriteAsync(Connection.Reread().DescribeContexts().First(context => context.Name == name), cancellation);
        }
    }
}
