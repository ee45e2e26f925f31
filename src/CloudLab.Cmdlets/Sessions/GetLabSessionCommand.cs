using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Shows each setting of the session with its source: identity, endpoints and region.</summary>
/// <remarks>
/// <para>Each value comes, in this order, from the cmdlet's parameters, the -Session object, the defaults that Connect-Lab set for the
/// runspace, environment variables, the shared AWS, docker and kubeconfig files, and the AWS SDK's own chain (SSO, web
/// identity, container, instance metadata). Nothing is sent anywhere, unless credentials come from one of these last sources.</para>
/// <para>With connection parameters it creates a session object without changing any default: give it to other cmdlets with
/// -Session.</para>
/// <para>Secrets are never shown. A setting that cannot be resolved shows its error as its source.</para>
/// </remarks>
/// <example>
/// <para>Shows the session that cmdlets currently use.</para>
/// <code>Get-LabSession</code>
/// </example>
/// <example>
/// <para>Creates a session for another region and uses it for one command.</para>
/// <code>Get-LabBucket -Session (Get-LabSession -Region eu-west-1)</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "LabSession")]
[OutputType(typeof(LabSession))]
public sealed class GetLabSessionCommand : ConnectionCommand
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) => await WriteAsync(Lab, cancellation);
}
