using System.Management.Automation;
using CloudLab.Core.Identity.Sts;

namespace CloudLab.Cmdlets.Identity.Sts;

/// <summary>Shows the identity of the credentials in use: account, ARN and user id.</summary>
/// <remarks>
/// <para>Asks STS (GetCallerIdentity). It needs no permission, so it also verifies the keys before anything else is tried.</para>
/// <para>Errors: InvalidClientTokenId or SignatureDoesNotMatch when the keys are wrong; ExpiredToken when temporary credentials have
/// expired; MethodNotAllowed from a server without GetCallerIdentity, such as Ceph's radosgw.</para>
/// </remarks>
/// <example>
/// <para>Who am I?</para>
/// <code>Get-LabCallerIdentity</code>
/// </example>
/// <example>
/// <para>The account id alone, for use in an ARN.</para>
/// <code>(Get-LabCallerIdentity).Account</code>
/// </example>
/// <seealso cref="Sessions.ConnectLabCommand"/>
/// <seealso cref="Sessions.GetLabSessionCommand"/>
/// <seealso cref="Sessions.GetLabStatusCommand"/>
[Cmdlet(VerbsCommon.Get, "LabCallerIdentity")]
[OutputType(typeof(LabCallerIdentity))]
public sealed class GetLabCallerIdentityCommand : IdentityCommand
{
    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation) =>
        await WriteAsync(await Caller.GetIdentityAsync(cancellation), cancellation);
}
