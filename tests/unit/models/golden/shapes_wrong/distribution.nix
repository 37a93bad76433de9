{ infrastructure }: [ ]
