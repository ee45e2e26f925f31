using System.Management.Automation;
using System.Reflection;

namespace CloudLab.Help;

/// <summary>One parameter of a cmdlet as its attributes describe it.</summary>
internal sealed class ParameterModel
{
    private readonly Attribute[] attributes;

    internal ParameterModel(PropertyInfo property)
    {
        Property = property;
        attributes = [.. property.GetCustomAttributes(true).Cast<Attribute>()];
        Aliases = [.. Attributes<AliasAttribute>().SelectMany(a => a.AliasNames)];
        Sets = Attributes<ParameterAttribute>().ToDictionary(p => p.ParameterSetName);
    }

    /// <summary>The parameter's name.</summary>
    public string Name => Property.Name;

    /// <summary>Its short forms and other names.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>The property behind it.</summary>
    public PropertyInfo Property { get; }

    /// <summary>Type of its value.</summary>
    public Type Type => Property.PropertyType;

    /// <summary>What the parameter is in each of its sets.</summary>
    public IReadOnlyDictionary<string, ParameterAttribute> Sets { get; }

    /// <summary>Given by its name alone.</summary>
    public bool IsSwitch => Type == typeof(SwitchParameter);

    /// <summary>Attributes of one kind.</summary>
    /// <typeparam name="T">The kind.</typeparam>
    /// <returns>The attributes.</returns>
    public IEnumerable<T> Attributes<T>() => attributes.OfType<T>();

    /// <summary>What the parameter is in one set.</summary>
    /// <param name="set">Name of the set.</param>
    /// <returns>Its attribute, or null where it is no part of the set.</returns>
    public ParameterAttribute? In(string set) =>
        Sets.TryGetValue(set, out ParameterAttribute? own) ? own
        : Sets.TryGetValue(ParameterAttribute.AllParameterSets, out ParameterAttribute? all) ? all
        : null;
}
