using System.Management.Automation;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Checks a compose project: what docker compose refuses, and what goes wrong only when it is started.</summary>
/// <remarks>
/// <para>docker compose reads the files ('docker compose config') and must be installed; an engine is not needed, but if there is one, ports that other containers hold are
/// found, too. Nothing is started. All profiles are checked; -Profile chooses those whose ports must not collide.</para>
/// <para>Errors of the file (with the line, where docker compose names it), missing files, Dockerfiles and build folders, ports that are published twice, and tasks that would be restarted for ever make a project invalid. Variables
/// without a value, images without a tag, missing folders and health checks that are waited for and do not exist are warnings. Values of variables are never shown.</para>
/// <para>Errors: ComposeFileNotFound. ComposeNotFound when docker compose is missing; it ends the command.</para>
/// </remarks>
/// <example>
/// <para>Checks the project of the folder shop, and shows what is wrong.</para>
/// <code>(Test-LabCompose shop).Problems</code>
/// </example>
/// <example>
/// <para>Checks a file with variables from another file, and says only whether it is valid.</para>
/// <code>(Test-LabCompose shop/compose.yaml -EnvFile shop/test.env).Valid</code>
/// </example>
/// <inputtype>Compose files or folders.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabCompose")]
[OutputType(typeof(LabComposeTest))]
public sealed class TestLabComposeCommand : ComposeCommand
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) =>
        await WriteAsync(await new ComposeChecker(Lab, Reporter).TestAsync(Source, cancellation), cancellation);
}
