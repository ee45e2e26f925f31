using System.Management.Automation;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace CloudLab.Host.Binding;

/// <summary>
/// Finds cmdlets in an assembly. Names are read from the assembly's metadata, so that to run one cmdlet no other
/// class is loaded, nor anything that those need.
/// </summary>
/// <param name="assembly">The assembly with the cmdlets.</param>
public sealed class CommandCatalog(Assembly assembly)
{
    /// <summary>Finds a cmdlet.</summary>
    /// <param name="name">Its name or an alias of it, in any case.</param>
    /// <returns>The cmdlet, or null.</returns>
    public CommandModel? Find(string name)
    {
        // Get-LabObject is GetLabObjectCommand (a test holds this); an alias needs a look at every class.
        string className = name.Replace("-", "", StringComparison.Ordinal) + "Command";
        return ClassNames()
            .Where(n => n.EndsWith(className, StringComparison.OrdinalIgnoreCase) && n[^(className.Length + 1)] == '.')
            .Select(Load)
            .FirstOrDefault(m => m?.Name.Equals(name, StringComparison.OrdinalIgnoreCase) == true)
            ?? All().FirstOrDefault(m => m.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>All cmdlets, by name.</summary>
    /// <returns>The cmdlets.</returns>
    public IEnumerable<CommandModel> All() =>
        ClassNames().Where(n => n.EndsWith("Command", StringComparison.Ordinal)).Select(Load)
            .OfType<CommandModel>().OrderBy(m => m.Noun, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal);

    private CommandModel? Load(string className) =>
        assembly.GetType(className) is { IsAbstract: false } type && type.IsDefined(typeof(CmdletAttribute), false)
            ? CommandModel.Of(type)
            : null;

    private IEnumerable<string> ClassNames()
    {
        using FileStream file = File.OpenRead(assembly.Location);
        using PEReader image = new(file);
        MetadataReader metadata = image.GetMetadataReader();
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            if ((type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public)
            {
                yield return metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
            }
        }
    }
}
