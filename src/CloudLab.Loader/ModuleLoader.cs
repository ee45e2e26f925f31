using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// Runs when the module is imported, before PowerShell loads the cmdlets' assembly: from then on CloudLab.Core and
/// CloudLab.Emulator resolve into <see cref="LabLoadContext"/>, and what is compiled ahead for this platform is preferred.
/// </summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer
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
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name is "CloudLab.Core" or "CloudLab.Emulator" ? Context.LoadFromAssemblyName(name) : null;
}
