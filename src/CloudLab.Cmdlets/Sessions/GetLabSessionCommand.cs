using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Sts;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Shows each setting of the session with its source: identity, endpoints and region.</summary>
/// <remarks>
/// <para>Each value comes, in this order, from the cmdlet's parameters, the -Session object, the defaults that Connect-Lab set for the
/// runspace, environment variables, the shared AWS, docker and kubeconfig files, and the AWS SDK's own chain (SSO, web
/// identity, container, instance metadata). Nothing is sent anywhere, unless credentials come from one of these last sources.</para>
/// <para>With connection parameters it creates a session object without changing any default: give it to other cmdlets with
/// -Session.</para>
/// <para>For temporary credentials, Expiration shows until when they are valid and whether they are renewed.</para>
/// <para>-Export writes the session's credentials as text for other tools, secrets included: the lines set environment variables, or are what the
/// credential_process of a profile prints. The copy is not renewed; a program that asks again gets new ones from credential_process.</para>
/// <para>Otherwise secrets are never shown. A setting that cannot be resolved shows its error as its source.</para>
/// </remarks>
/// <example>
/// <para>Shows the session that cmdlets currently use.</para>
/// <code>Get-LabSession</code>
/// </example>
/// <example>
/// <para>Creates a session for another region and uses it for one command.</para>
/// <code>Get-LabBucket -Session (Get-LabSession -Region eu-west-1)</code>
/// </example>
/// <example>
/// <para>Writes the credentials in use as environment variables for another PowerShell.</para>
/// <code>Get-LabSession -Export PowerShell</code>
/// </example>
/// <seealso cref="ConnectLabCommand"/>
/// <seealso cref="DisconnectLabCommand"/>
/// <seealso cref="GetLabStatusCommand"/>
[Cmdlet(VerbsCommon.Get, "LabSession")]
[OutputType(typeof(LabSession), typeof(string))]
public sealed class GetLabSessionCommand : ConnectionCommand
{
    /// <inheritdoc cref="TemporarySessionCommand.Export"/>
    [Parameter]
    public CredentialFormat? Export { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Export is { } format)
        {
            await WriteManyAsync(await CredentialExport.WriteAsync(Lab, format, Reporter, cancellation), cancellation);
            return;
        }

        await WriteAsync(Lab, cancellation);
    }
}
