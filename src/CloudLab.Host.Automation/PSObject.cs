using System.Collections;
using System.Collections.ObjectModel;
using System.Reflection;

namespace System.Management.Automation;

/// <summary>What an object with nothing but properties of its own wraps.</summary>
public sealed class PSCustomObject
{
    internal static readonly PSCustomObject Self = new();

    private PSCustomObject()
    {
    }

    public override string ToString() => "";
}

/// <summary>An object with properties of its own, over those of the object it wraps.</summary>
public class PSObject
{
    private readonly object? wrapped;

    public PSObject() => Properties = new PropertyCollection(null);

    public PSObject(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        wrapped = obj is PSObject other ? other.wrapped : obj;
        Properties = obj is PSObject { wrapped: null } custom ? custom.Properties : new PropertyCollection(wrapped);
    }

    public PSMemberInfoCollection<PSPropertyInfo> Properties { get; }

    public object BaseObject => wrapped ?? PSCustomObject.Self;

    public object ImmediateBaseObject => BaseObject;

    public Collection<string> TypeNames
    {
        get
        {
            field ??= [.. NamesOf(BaseObject.GetType())];
            return field;
        }
    }

    public static PSObject AsPSObject(object obj) => obj as PSObject ?? new PSObject(obj);

    public override string ToString() => wrapped is not null
        ? wrapped.ToString() ?? ""
        : "@{" + string.Join("; ", Properties.Select(p => $"{p.Name}={p.Value}")) + "}";

    private static IEnumerable<string> NamesOf(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            yield return type.FullName!;
        }
    }

    private sealed class PropertyCollection(object? over) : PSMemberInfoCollection<PSPropertyInfo>
    {
        private readonly List<PSPropertyInfo> own = [];

        public override PSPropertyInfo? this[string name] =>
            own.Find(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? Underlying().FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

        public override void Add(PSPropertyInfo member)
        {
            Remove(member.Name);
            own.Add(member);
        }

        public override void Add(PSPropertyInfo member, bool preValidated) => Add(member);

        public override void Remove(string name) =>
            own.RemoveAll(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

        public override IEnumerator<PSPropertyInfo> GetEnumerator() => Underlying()
            .Where(p => !own.Exists(o => o.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)))
            .Concat(own).GetEnumerator();

        private IEnumerable<PSPropertyInfo> Underlying() => over is null
            ? []
            : over.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.CanRead && p.GetIndexParameters().Length == 0)
                .Select(p => new PSProperty(p, over));
    }
}

public abstract class PSMemberInfoCollection<T> : IEnumerable<T>
    where T : PSMemberInfo
{
    public abstract T? this[string name] { get; }

    public abstract void Add(T member);

    public abstract void Add(T member, bool preValidated);

    public abstract void Remove(string name);

    public abstract IEnumerator<T> GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

public abstract class PSMemberInfo(string name)
{
    public string Name { get; } = name;

    public abstract object? Value { get; set; }
}

public abstract class PSPropertyInfo(string name) : PSMemberInfo(name)
{
    public abstract bool IsGettable { get; }

    public abstract bool IsSettable { get; }
}

public class PSNoteProperty(string name, object? value) : PSPropertyInfo(name)
{
    public override object? Value { get; set; } = value;

    public override bool IsGettable => true;

    public override bool IsSettable => true;
}

public class PSProperty : PSPropertyInfo
{
    private readonly PropertyInfo property;
    private readonly object owner;

    internal PSProperty(PropertyInfo property, object owner)
        : base(property.Name) => (this.property, this.owner) = (property, owner);

    public override object? Value
    {
        get => property.GetValue(owner);
        set => property.SetValue(owner, value);
    }

    public override bool IsGettable => property.CanRead;

    public override bool IsSettable => property.CanWrite;
}
