using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// Runs when the module is imported, before PowerShell loads the cmdlets' assembly: from then on CloudLab.Core and
/// CloudLab.Emulator resolve into <see cref="LabLoadContext"/>, what is compiled ahead for this platform is preferred, and the
/// types have short names.
/// </summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly ModuleLibraries Libraries = new(Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!);

    // One context for the process: types of two contexts would not match after Import-Module -Force.
    private static readonly LabLoadContext Context = new(Libraries);

    /// <inheritdoc/>
    // For good: another session of the process may have the module still when one removes it.
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving -= Resolve;
        AssemblyLoadContext.Default.Resolving += Resolve;
        Libraries.LoadCmdlets();
        TypeNames.Add(Context.LoadFromAssemblyName(new AssemblyName("CloudLab.Core")));
    }

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => TypeNames.Remove();

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name is "CloudLab.Core" or "CloudLab.Emulator" ? Context.LoadFromAssemblyName(name) : null;
}
